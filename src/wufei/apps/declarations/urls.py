"""The addresses of the declarations."""

from django.urls import path

from wufei.apps.declarations import agreement_views, book_views, periodic_views, views

app_name = "declarations"

urlpatterns = [
    path("", views.index, name="index"),
    path("plans/", views.plan_list, name="plans"),
    path("plans.xlsx", views.plans_export, name="plans-export"),
    path("plans/new/", views.plan_new, name="plan-new"),
    path("plans/<int:pk>/", views.plan_page, name="plan"),
    path("plans/<int:pk>.xlsx", views.plan_export, name="plan-export"),
    path("plans/<int:pk>.pdf", views.plan_print, name="plan-pdf"),
    path("plans/<int:pk>/edit/<str:table>/", views.plan_edit, name="plan-edit"),
    path("plans/<int:pk>/file/", views.plan_file, name="plan-file"),
    path("plans/<int:pk>/change/", views.plan_change, name="plan-change"),
    path("plans/<int:pk>/return/", views.plan_return, name="plan-return"),
    path("plans/<int:pk>/receipt/", views.plan_receipt, name="plan-receipt"),
    path("book/", book_views.entry_list, name="book"),
    path("book.xlsx", book_views.book_export, name="book-export"),
    path("book/print/", book_views.book_print, name="book-print"),
    path("book/<int:pk>/", book_views.entry_page, name="entry"),
    path("book/<int:pk>/reverse/", book_views.entry_reverse, name="entry-reverse"),
    path("book/of/<str:site>/", book_views.book_tables, name="book-tables"),
    path("book/of/<str:site>/<str:table>/", book_views.entry_new, name="entry-new"),
    path("book/of/<str:site>/<str:table>/import/", book_views.book_import, name="book-import"),
    path("book/of/<str:site>/<str:table>/template.xlsx", book_views.book_template, name="book-template"),
    path("periods/", periodic_views.declaration_list, name="declarations"),
    path("periods.xlsx", periodic_views.declarations_export, name="declarations-export"),
    path("periods/new/", periodic_views.declaration_new, name="declaration-new"),
    path("periods/<int:pk>/", periodic_views.declaration_page, name="declaration"),
    path("periods/<int:pk>.xlsx", periodic_views.declaration_export, name="declaration-export"),
    path("periods/<int:pk>.pdf", periodic_views.declaration_pdf, name="declaration-pdf"),
    path("periods/<int:pk>/confirm/", periodic_views.declaration_confirm, name="declaration-confirm"),
    path("periods/<int:pk>/adopt/", periodic_views.declaration_adopt, name="declaration-adopt"),
    path("periods/<int:pk>/correct/", periodic_views.declaration_correct, name="declaration-correct"),
    path("contracts/", agreement_views.contract_list, name="contracts"),
    path("contracts.xlsx", agreement_views.contracts_export, name="contracts-export"),
    path("contracts/new/", agreement_views.contract_new, name="contract-new"),
    path("contracts/<int:pk>/", agreement_views.contract_page, name="contract"),
    path("contracts/<int:pk>/file/", agreement_views.contract_file, name="contract-file"),
    path("contracts/<int:pk>/end/", agreement_views.contract_end, name="contract-end"),
    path("handling/", agreement_views.handling_list, name="handling-plans"),
    path("handling.xlsx", agreement_views.handling_export, name="handling-export"),
    path("handling/of/<str:site>/", agreement_views.handling_new, name="handling-new"),
    path("handling/<int:pk>/", agreement_views.handling_page, name="handling-plan"),
    path("handling/<int:pk>/decide/", agreement_views.handling_decide, name="handling-decide"),
]
